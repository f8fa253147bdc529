/**
 * Data sets on disk: folders of pictures with captions, folders of class folders, and tar shards in the manner of
 * webdataset.
 *
 * <p>
 * {@link org.clip4j.training.dataset.Datasets} is the way in. A data set is indexed once and then read at any
 * place, in
 * any order, by any thread; neither pictures nor captions stay in memory. Names within archives are never used as
 * paths.
 * Training itself, metrics and anything that prints do not belong here.
 */
package org.clip4j.training.dataset;
