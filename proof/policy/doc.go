// Package policy decides which cosignatures make a checkpoint good enough, by
// the text form c2sp.org/tlog-policy. It reads no clock, opens no file and
// speaks to nobody: text, signed note and time are handed to it.
//
// A policy names one log, some witnesses, groups of them and a quorum:
//
//	log example.com/log+1f2e3d4c+AbCd…
//	witness S1 supervisor.example+…
//	witness W1 one.example+…
//	witness W2 two.example+…
//	group others any W1 W2
//	group both all S1 others
//	quorum both
//
// A group is satisfied when at least k of its members are. As each name stands
// in one group at most, the groups are a tree and each witness counts in one
// place.
//
// A policy that is satisfied too easily looks like one that works, so everything
// that would make it so is refused when it is read: no quorum or quorum none, a
// threshold of 0 or beyond the members, a group without members, and one key
// under two names, which would be two votes of one voter. What else is refused
// is in docs/spec/policy.md.
//
// It is narrower than its specification: there is exactly one log, quorum none
// does not exist, no witness has the log's name, and keys of ML-DSA-44 are
// refused with an error of their own ([proof.ErrMLDSA]).
package policy
