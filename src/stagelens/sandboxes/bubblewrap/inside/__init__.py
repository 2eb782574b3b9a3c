"""The first process of a sandbox: runs commands one after another, and reads and writes files, as it is told.

It runs inside, by whatever Python the sandbox has (3.9 or later), with nothing but the standard library, and is never
imported by StageLens itself. As process 1 of its namespace it can be neither killed nor stopped from inside, and no
other process may look into it. It ends when the pipe to it is closed, and everything in the sandbox with it. While it
reads or writes a file nothing else runs: what a command leaves in the background is killed when the command is over.

Messages are those of ``wire``. Requests, and what answers them:

    run, argv, environment, cwd, wall seconds, output bytes, stdin    done, return code, cause, stdout, stderr
    stop (while a command runs)                                       done, as above, with the cause ``stopped``
    read, path, bytes at most                                         data, content; large; failed, errno, text
    write, path, content                                              data; failed, errno, text

Every sandbox starts it anew, and pays for each module of the standard library: those that cost milliseconds (pathlib,
json, subprocess, signal, contextlib, struct) are done without.
"""
