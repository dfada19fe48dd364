// Package quarantine keeps files that were found malicious: encrypted, with all
// that is needed to put them back as they were. It implements
// docs/spec/quarantine.md.
//
// It takes a file by its open descriptor and never by its path, removes no name
// before the stored copy has been decrypted and compared, and removes no file
// but the one that was copied, whoever renames what meanwhile. It overwrites
// nothing when it restores. It never looks into what it keeps: whether a file
// is malicious or a document is asked of others, through interfaces.
//
// At every moment, and after a power cut at any moment, there is one good copy:
// the original or the entry. Both are there only while one becomes the other;
// Open finishes or takes back what was under way.
package quarantine
