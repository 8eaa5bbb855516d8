"""What every room needs to forget somebody: who that is, the keepers' protocol, documents without them, the search."""
