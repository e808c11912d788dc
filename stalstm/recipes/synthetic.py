"""The built-in synthetic recordings: SBU's recipe with fewer iterations.

    python train.py

About a minute on two cores. Accuracy here means nothing beyond "it works".
"""

from stalstm.recipes import sbu

RECIPE = sbu.RECIPE.replace(pretrain_iterations=600, n1=600, n2=300)
