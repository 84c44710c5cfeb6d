// Opens and makes age files with the age library, for the tests: `age-check open|seal scrypt|x25519 SECRET [RECIPIENT...]`, from standard
// input to standard output. The age program itself takes a passphrase only from a terminal.
package main

import (
	"io"
	"log"
	"os"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func run(do, kind, secret string) error {
	if do == "open" {
		identity, err := identityOf(kind, secret)
		if err != nil {
			return err
		}
		reader, err := age.Decrypt(armor.NewReader(os.Stdin), identity)
		if err != nil {
			return err
		}
		_, err = io.Copy(os.Stdout, reader)
		return err
	}
	recipient, err := recipientOf(kind, secret)
	if err != nil {
		return err
	}
	out := armor.NewWriter(os.Stdout)
	writer, err := age.Encrypt(out, recipient)
	if err != nil {
		return err
	}
	if _, err := io.Copy(writer, os.Stdin); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	return out.Close()
}

func identityOf(kind, secret string) (age.Identity, error) {
	if kind == "scrypt" {
		return age.NewScryptIdentity(secret)
	}
	return age.ParseX25519Identity(strings.TrimSpace(secret))
}

func recipientOf(kind, secret string) (age.Recipient, error) {
	if kind == "scrypt" {
		return age.NewScryptRecipient(secret)
	}
	identity, err := age.ParseX25519Identity(strings.TrimSpace(secret))
	if err != nil {
		return nil, err
	}
	return identity.Recipient(), nil
}
