"""The process runtime: environments as processes of this machine, without containers.

A *session* is what one Rolldeck process holds: a directory, a PostgreSQL cluster, a fork server per recipe and their
children. Everything of a session carries its directory's path in its command line and so can be found and removed by
whoever is left: the process itself, its guardian, or the next process of the same installation.
"""
