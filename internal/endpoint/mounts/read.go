package mounts

import (
	"fmt"
	"io"
	"os"
)

// Read gives the mounts that a mountinfo shows now.
func Read(path string) ([]Mount, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read mounts: %w", err)
	}
	defer file.Close()
	return read(file)
}

func read(file *os.File) ([]Mount, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, MaxSize+1))
	if err != nil {
		return nil, err
	}
	return Parse(text)
}
