package org.clip4j.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what went wrong into one line on stderr and an exit code. */
final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {
    private static final String DEBUG_VARIABLE = "CLIP4J_DEBUG";

    private static final String LIBRARY_PREFIX = "Error: ";

    private final Console console;

    Failures(Console console) {
        this.console = console;
    }

    @Override
    public int handleParseException(ParameterException e, String[] args) {
        StringBuilder message = new StringBuilder(clause(String.valueOf(e.getMessage())));
        if (e instanceof UnmatchedArgumentException unmatched) {
            describe(unmatched, message);
        }
        console.error(message + "; see " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help");
        return ExitCodes.BAD_INPUT;
    }

    /** The library's own messages may come as "Error: ...", or as a sentence with a full stop. */
    private static String clause(String message) {
        String text = message.startsWith(LIBRARY_PREFIX) ? message.substring(LIBRARY_PREFIX.length()) : message;
        return text.endsWith(".") && !text.endsWith("..") ? text.substring(0, text.length() - 1) : text;
    }

    private static void describe(UnmatchedArgumentException e, StringBuilder message) {
        List<String> arguments = e.getUnmatched();
        message.setLength(0);
        message.append("Unexpected argument: '").append(Console.brief(arguments.get(0))).append('\'');
        if (arguments.size() > 1) {
            message.append(" and ").append(arguments.size() - 1).append(" more");
        }
        List<String> suggestions = e.getSuggestions();
        if (!suggestions.isEmpty()) {
            message.append("; did you mean ").append(String.join(" or ", suggestions)).append('?');
        } else if (e.isUnknownOption()) {
            message.append("; put -- before arguments that start with a dash");
        }
    }

    @Override
    public int handleExecutionException(Exception e, CommandLine command, ParseResult result) {
        return failed(e);
    }

    /** Says why a command failed. */
    int failed(Throwable thrown) {
        console.error(ExitCodes.message(thrown));
        String debug = System.getenv(DEBUG_VARIABLE);
        if (debug != null && !debug.isEmpty()) {
            thrown.printStackTrace(console.errWriter());
        }
        return ExitCodes.of(thrown);
    }
}
