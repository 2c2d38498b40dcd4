"""The network trained to tag music: samples of one track to its `Embedding`."""

EMBEDDING_VERSION = 1  # raise it when samples may give another one: the next scan decodes again


def model_error() -> str:
    """Return one line on why music cannot be embedded, empty where it can."""
    return "its network is not part of this version"
