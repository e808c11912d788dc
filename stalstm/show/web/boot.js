// Unpacks the modules and the data of this page, and runs its main module.
// Nothing is loaded from a network.
(async () => {
  const unpack = (element) => {
    const bytes = Uint8Array.from(atob(element.textContent), (x) => x.charCodeAt(0));
    element.remove(); // megabytes of text
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };
  const imports = {};
  for (const script of document.querySelectorAll("script[data-module]")) {
    const text = await unpack(script);
    const blob = new Blob([text], { type: "text/javascript" });
    imports[script.dataset.module] = URL.createObjectURL(blob);
  }
  const map = document.createElement("script");
  map.type = "importmap";
  map.textContent = JSON.stringify({ imports });
  document.head.append(map);
  const data = JSON.parse(await unpack(document.getElementById("data")));
  const { start } = await import(document.body.dataset.main);
  globalThis.page = await start(document.querySelector("main"), data);
  document.body.dataset.ready = "yes";
})().catch((error) => {
  document.querySelector("main").textContent = `This page failed: ${error}`;
  throw error;
});
