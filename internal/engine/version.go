package engine

// Version is what bundles of rules go by when they say which engine they need.
// It is raised when rules can ask for something they could not before; it is not
// the version of a release.
const Version = "0.1.0"
