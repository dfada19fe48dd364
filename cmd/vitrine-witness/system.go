package main

import (
	"crypto/rand"
	"os"
	"time"
)

// system is the real world.
func system() env {
	return env{stdout: os.Stdout, stderr: os.Stderr, now: time.Now, random: rand.Reader}
}
