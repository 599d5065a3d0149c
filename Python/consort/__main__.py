"""`python -m consort` is the program `consort`."""

from consort._program import main

main()
