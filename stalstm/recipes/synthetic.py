"""The built-in synthetic recordings: SBU's recipe with fewer iterations.

    python train.py

About a minute on two cores. Accuracy here means nothing beyond "it works".
"""

from stalstm.recipes import sbu

RECIPE = sbu.RECIPE.replace(pretrain_iterations=300, n1=300, n2=150)
