"""The grouping benchmark: are unknown people's photos brought together, and only theirs?"""
