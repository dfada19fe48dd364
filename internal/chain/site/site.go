// Package site is the layout of the folder that an operator publishes: the
// log, the TUF metadata and the files they speak of. Every path that a
// publisher writes or a reader asks for is made here. A site is static files;
// whoever copies them is a mirror, and nothing in it is believed for where it
// came from.
//
//	log/checkpoint, log/tile/…                the log, as C2SP tlog-tiles
//	tuf/timestamp.json, tuf/3.root.json, …    TUF metadata, consistent snapshots
//	files/rules/core/<sha256>.000123.bundle   the target rules/core/000123.bundle
//	files/rules/core/000123.bundle.leaf       what was said of it, and by whom
//	files/rules/core/000123.bundle.tlog-proof that this was said to everybody
package site

import (
	"encoding/hex"
	"fmt"
	"path"
	"strings"
)

// Checkpoint is the log's newest checkpoint, as witnesses have cosigned it.
const Checkpoint = "log/checkpoint"

// Tile is a file of the log's tree, by its path in C2SP tlog-tiles.
func Tile(tile string) string { return "log/" + tile }

// TUF is a metadata file, such as "3.root.json".
func TUF(name string) string { return "tuf/" + name }

// File is the content of a TUF target.
func File(target string, sha256 [32]byte) string {
	dir, base := path.Split(target)
	return "files/" + dir + hex.EncodeToString(sha256[:]) + "." + base
}

// Leaf is the leaf that speaks of a target.
func Leaf(target string) string { return "files/" + target + ".leaf" }

// Proof is the proof that the leaf is in the log.
func Proof(target string) string { return "files/" + target + ".tlog-proof" }

// RuleBundle is the TUF target of a channel's bundle.
func RuleBundle(channel string, serial int64) string {
	return fmt.Sprintf("rules/%s/%06d.bundle", channel, serial)
}

// ReleaseFile is the TUF target of a file of a release, such as a binary.
func ReleaseFile(version, name string) string { return "release/" + version + "/" + name }

// Release is the name that what was said of a release goes by. There is a leaf
// and a proof, and no file.
func Release(version string) string { return ReleaseFile(version, "release") }

// Rebuild is the name that a rebuilder's word on a release goes by. There is a
// leaf and a proof, and no file.
func Rebuild(version, rebuilder string) string { return "rebuild/" + version + "/" + rebuilder }

// Policy is the TUF target that names the log, its witnesses and the quorum.
const Policy = "trust/policy.txt"

// Root is the name that what was said of a root of trust goes by. The root itself
// is with the TUF metadata.
func Root(version int64) string { return fmt.Sprintf("trust/%d.root.json", version) }

// Valid reports whether a path may be asked of a site: relative, clean, of
// letters, digits and "._-+~" in parts that do not begin with a dot.
// It is the whole defence of a Fetcher against paths that lead elsewhere.
func Valid(name string) bool {
	if name == "" || len(name) > 512 {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || strings.Trim(part, allowed) != "" {
			return false
		}
	}
	return true
}

const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+~"
