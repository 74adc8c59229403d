"""Applications of services, run by their commands as processes of this machine.

What differs from a forked application: each environment starts its services anew, in a directory of its own, from the
files that the template's build left. Everything that is started carries that directory's path in a variable, and is
found by it whoever started it in the end.
"""
