"""Runs a command on a pseudo-terminal and prints what it writes there: in_terminal.py COLUMNS ROWS COMMAND..."""
import fcntl, os, pty, struct, sys, termios

columns, rows, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    # Before the command starts, so that it never sees another size.
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execv(command[0], command)
while True:
    try:
        written = os.read(terminal, 65536)
    except OSError:  # Linux says EIO where the other side is closed.
        break
    if not written:
        break
    sys.stdout.buffer.write(written)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
