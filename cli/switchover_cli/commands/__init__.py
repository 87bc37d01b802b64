"""The commands: each reads its options, calls a package of its own, and shows a screen.

What a command works with is imported in its function: its help, a mistyped option and the shell's
completion need none of it, and the models and the SDK take most of a second to load.
"""
