"""From evidence to a verdict: the twelve classes, their signs, and the order in which these count. Pure."""
