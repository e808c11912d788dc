"""SBU Kinect Interaction, five-fold cross-validation, the paper's values.

    python train.py --dataset=sbu --fold=all --raw_dir=...

About two minutes a fold on two cores; 90.1 % over two seeds, by the last
iteration.
"""

from stalstm.recipe import Recipe

RECIPE = Recipe().replace(
    batch_size=8,
    lambda1=0.001,
    lambda2=0.0001,
    lambda3=0.0005,
)
