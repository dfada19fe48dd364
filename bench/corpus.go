package bench

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// File is one file to scan, held in memory: reading from disk is not measured.
type File struct {
	Name string
	Data []byte
}

// Corpus is a set of files of one kind.
type Corpus struct {
	Name  string
	Files []File
}

// Size is the number of bytes in all files.
func (c Corpus) Size() int64 {
	var n int64
	for _, f := range c.Files {
		n += int64(len(f.Data))
	}
	return n
}

// Corpora makes the five corpora, each of about size bytes, from the programs
// and libraries installed here and from Go's source tree under goroot. A
// machine without ELF programs is an error: the figures would mean nothing.
func Corpora(goroot string, size int64) ([]Corpus, error) {
	programs, err := pickFiles([]string{"/usr/bin", "/usr/lib"}, size, 32<<10, 1<<20, isELF)
	if err != nil {
		return nil, fmt.Errorf("collect programs: %w", err)
	}
	texts, err := pickFiles([]string{filepath.Join(goroot, "src")}, size, 256, 64<<10, isGoSource)
	if err != nil {
		return nil, fmt.Errorf("collect source text: %w", err)
	}
	windows, err := windowsPrograms(programs, size)
	if err != nil {
		return nil, fmt.Errorf("make PE files: %w", err)
	}
	return []Corpus{
		{"elf", programs},
		{"source-tree", texts},
		{"source-one-file", []File{{"all.txt", joined(texts)}}},
		{"pe", windows},
		{"tiny", []File{{"tiny.txt", []byte("hello world")}}},
	}, nil
}

// Pick takes about size bytes of files under a directory whose first four bytes
// fit, as Corpora does for its own.
func Pick(root string, size, smallest, largest int64, fits func(head []byte) bool) ([]File, error) {
	return pickFiles([]string{root}, size, smallest, largest, func(_ string, head []byte) bool { return fits(head) })
}

func joined(files []File) []byte {
	var b bytes.Buffer
	for _, f := range files {
		b.Write(f.Data)
	}
	return b.Bytes()
}

func isELF(_ string, head []byte) bool { return bytes.HasPrefix(head, []byte(elf.ELFMAG)) }

func isGoSource(name string, _ []byte) bool { return filepath.Ext(name) == ".go" }

// pickFiles takes about size bytes of files that fit, spread evenly over the
// sorted list of all of them, so that two runs on one machine take the same.
func pickFiles(roots []string, size, smallest, largest int64, fits func(name string, head []byte) bool) ([]File, error) {
	names, total, err := candidates(roots, smallest, largest, fits)
	if err != nil {
		return nil, err
	}
	if total < size/2 {
		return nil, fmt.Errorf("%v hold %d bytes of such files, %d are needed", roots, total, size)
	}
	step := max(1, int(total/size))
	var files []File
	for at, taken := 0, int64(0); at < len(names) && taken < size; at += step {
		data, err := os.ReadFile(names[at])
		if err != nil {
			return nil, err
		}
		files = append(files, File{names[at], data})
		taken += int64(len(data))
	}
	return files, nil
}

// candidates lists the regular files that fit, in sorted order, and their size.
// What cannot be read is left out.
func candidates(roots []string, smallest, largest int64, fits func(string, []byte) bool) (names []string, total int64, err error) {
	for _, root := range roots {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil && errors.Is(err, fs.ErrPermission) {
				return nil
			}
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			info, err := d.Info()
			if err != nil || info.Size() < smallest || info.Size() > largest || !fits(name, head(name)) {
				return nil
			}
			names = append(names, name)
			total += info.Size()
			return nil
		})
		if err != nil {
			return nil, 0, err
		}
	}
	sort.Strings(names)
	return names, total, nil
}

// head is the first four bytes of a file, or fewer.
func head(name string) []byte {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	b := make([]byte, 4)
	n, _ := f.Read(b)
	return b[:n]
}
