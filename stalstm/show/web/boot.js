// Unpacks the modules and the data of this page, and runs its main module with
// them. Nothing is loaded from a network.
(async () => {
  const unpack = (element) => {
    const bytes = Uint8Array.from(atob(element.textContent), (x) => x.charCodeAt(0));
    element.remove(); // megabytes of text
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream);
  };
  const asset = async (name) => {
    const response = await unpack(document.querySelector(`script[data-asset="${name}"]`));
    return new Uint8Array(await response.arrayBuffer());
  };
  const imports = {};
  const scripts = [...document.querySelectorAll("script[data-module]")];
  await Promise.all(scripts.map(async (script) => {
    const text = await (await unpack(script)).text();
    const blob = new Blob([text], { type: "text/javascript" });
    imports[script.dataset.module] = URL.createObjectURL(blob);
  }));
  const map = document.createElement("script");
  map.type = "importmap";
  map.textContent = JSON.stringify({ imports });
  document.head.append(map);
  const data = await (await unpack(document.getElementById("data"))).json();
  const { start } = await import(document.body.dataset.main);
  globalThis.page = await start(document.querySelector("main"), data, asset);
  document.body.dataset.ready = "yes";
})().catch((error) => {
  document.querySelector("main").textContent = `This page failed: ${error}`;
  throw error;
});
