"""Chooses what to train and to test on."""

from stalstm.description import Description, Protocol

# The protocol that trains on all clips.
EVERYTHING = "everything"


def choose(
    name: str, data: Description, fold: str | None, protocol: str | None
) -> dict[str, Protocol]:
    """The protocols that --fold or --protocol mean: one, or all folds.

    Args:
        name: Name of the data set.
        data: What it says of itself.
        fold: Number of a fold to test on, or `"all"`.
        protocol: Name of a protocol, or `"everything"`. Without either, the
            first protocol of the data set.

    Raises:
        ValueError: The data set has no such fold or protocol.
    """
    prefix = "fold_"
    folds = {
        x.removeprefix(prefix): x
        for x in data.protocols
        if x.startswith(prefix)
    }
    if fold is None and protocol is None:
        protocol = next(iter(data.protocols))
    elif protocol is None:
        if not folds:
            raise ValueError(
                f"--fold: {name} has no folds; expected --protocol="
                f"{' or --protocol='.join(data.protocols)}. Received: {fold}"
            )
        if fold == "all":
            return {x: data.protocols[x] for x in folds.values()}
        if fold not in folds:
            raise ValueError(
                f"--fold: expected {', '.join(folds)} or all. Received: {fold}"
            )
        protocol = folds[fold]
    elif fold is not None:
        raise ValueError("expected --fold or --protocol. Received: both")
    if protocol == EVERYTHING:
        return {protocol: data.everything()}
    if protocol not in data.protocols:
        raise ValueError(
            f"--protocol: {name} has {', '.join(data.protocols)} and "
            f"{EVERYTHING}. Received: {protocol}"
        )
    return {protocol: data.protocols[protocol]}
