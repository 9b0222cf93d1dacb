"""The entry of `triggerfish` and of `python -m app`."""

from app.cli.root import main

if __name__ == "__main__":
    main()
