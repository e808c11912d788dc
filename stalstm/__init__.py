"""Human action recognition from 3-D skeletons with spatio-temporal attention.

The model of Song et al., "An End-to-End Spatio-Temporal Attention Model for
Human Action Recognition from Skeleton Data", AAAI 2017.
"""
