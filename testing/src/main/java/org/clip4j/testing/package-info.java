/** Reference goldens and their reader; for tests only, knows nothing of the code under test. */
package org.clip4j.testing;
