"""Made-up recordings in the layout of the SBU set, for a first training."""

from datasets import sbu
from datasets.data_set import DataSet
from datasets.sbu.recordings import survey

DATA_SET = DataSet(
    name="synthetic",
    options=(),
    survey=survey,
    read=sbu.read,
    rate=sbu.DATA_SET.rate,
    generate=sbu.generate,
)
