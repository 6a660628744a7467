"""The contest in a browser: scoreboard and entries for everybody, a console for the organiser, a page to judge on a phone.

What comes in: the folder of a contest (`vnest contest new`), its signed log and keys. What goes out: pages, and the log's events as
server-sent events, each once to each screen. The log stays the truth: every process follows it, and whatever is said here is said by
the contest's own engine under its own rules. A judge is the user whose name is the judge's identifier, a team the user whose name is
its entry's.
"""
