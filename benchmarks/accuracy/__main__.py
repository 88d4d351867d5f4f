"""`python -m benchmarks.accuracy`."""

from benchmarks.accuracy.run import main

if __name__ == "__main__":
    main()
