"""The open-set benchmark: are the cast named, and strangers not?"""
