"""The commands: each reads its options, calls a package of its own, and shows a screen.

A command's function imports what the command needs. The models and the SDK take most of a second to
load, and the help, a mistyped option and the shell's completion don't need them.
"""
