"""The mixed logit on arrays: a conditional logit whose coefficients vary between deciders.

Reference: Train, K. (2009). Discrete choice methods with simulation, 2nd ed., chapters 6, 9, 10.
"""
