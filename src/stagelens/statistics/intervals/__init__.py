"""Limits and p values of means, rates, paired differences and ratios, and their variances over clusters."""
