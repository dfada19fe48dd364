// Package term holds the terminal manners that every command shares: what a
// command may touch of the world around it (Env), how its outcome becomes an
// exit code (one switch, in exit.go), and how errors, colours, sizes, tables
// and the progress line look.
//
// It knows no command and no room of the product. It never reads os.Args,
// never exits the process, and writes nowhere but to the streams of Env.
package term
