"""The embedded synthetic recordings: SBU's recipe, with fewer iterations.

    python train.py

About a minute on two cores. Accuracy here means nothing beyond "it works".
"""

import dataclasses

from stalstm.recipes import sbu

RECIPE = dataclasses.replace(
    sbu.RECIPE,
    pretrain_iterations=600,
    n1=600,
    n2=300,
)
