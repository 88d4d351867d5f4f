"""The command line as ``python -m seqexpr``, for where scripts are not on the PATH."""

from seqexpr.cli.main import main

if __name__ == "__main__":
    main()
