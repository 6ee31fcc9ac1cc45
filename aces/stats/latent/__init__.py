"""The latent class logit: deciders are of a few types, each with coefficients of its own.

The likelihood of a decider is the sum over classes of its chance to be in the class times the
product of its choice probabilities there; the chance is a multinomial logit of what is known of the
decider. Expectation and maximisation take turns from several starts (a start's posterior weights
are random); Newton on the likelihood itself ends the best one. References: Dempster, A. P., Laird,
N. M. and Rubin, D. B. (1977), Journal of the Royal Statistical Society B 39, 1-38; Kamakura, W. A.
and Russell, G. J. (1989), Journal of Marketing Research 26, 379-390; Greene, W. H. and Hensher,
D. A. (2003), Transportation Research B 37, 681-698.
"""
