package org.clip4j.cli;

import picocli.CommandLine.IVersionProvider;

/** What {@code clip --version} prints. */
final class ClipVersion implements IVersionProvider {
    /** Set by the launcher: the commit that it was built from. */
    private static final String COMMIT_PROPERTY = "clip4j.commit";

    @Override
    public String[] getVersion() {
        return new String[]{"clip4j " + version() + ", Java " + Runtime.version().feature()};
    }

    private static String version() {
        String version = ClipVersion.class.getPackage().getImplementationVersion();
        return version == null ? "(development)" : version;
    }

    /** Version, and commit where it is known, for what a model says about who made it. */
    static String code() {
        String commit = System.getProperty(COMMIT_PROPERTY, "");
        return version() + (commit.isEmpty() ? "" : " commit " + commit);
    }
}
