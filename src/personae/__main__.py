"""`python -m personae` is the command `personae`."""

from personae.cli import main

if __name__ == "__main__":
    main()
