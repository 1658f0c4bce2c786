/* A library that somebody else's program is made to load. It does nothing: that it is there is the finding. */
static const char mark[] = "sample preload: harmless";

const char *sample_preload(void) { return mark; }
