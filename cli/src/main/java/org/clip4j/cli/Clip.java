package org.clip4j.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.util.List;

/** The entry point of the {@code clip} command. */
public final class Clip {
    private Clip() {}

    /** Runs a command line and ends the process with its exit code. */
    public static void main(String[] args) {
        HeadStart.begin(List.of(args));
        // The process's own streams: System.out would encode in the locale's character set.
        int exitCode = ClipCommand.run(args, new FileInputStream(FileDescriptor.in),
                new FileOutputStream(FileDescriptor.out), new FileOutputStream(FileDescriptor.err));
        System.exit(exitCode);
    }
}
