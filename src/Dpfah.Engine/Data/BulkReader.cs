using Dpfah.Engine.Search.Shards;

namespace Dpfah.Engine.Data;

/// <summary>Reads whole tables in one state of the database, for the load of the indexes. For one caller at a time.</summary>
internal abstract class BulkReader : IDisposable
{
    /// <summary>Reads the items of a generation, or of a shard of it, in ascending order of their numbers, on a thread of its own.</summary>
    /// <param name="collectionId">Their collection.</param>
    /// <param name="part">Generation of their codes, and the shard.</param>
    /// <param name="handler">Called for each, on that thread.</param>
    /// <param name="cancellationToken">Stops reading; the reader is of no more use then.</param>
    public Task ReadItemsAsync(int collectionId, IndexKey part, ItemRowHandler handler, CancellationToken cancellationToken) =>
        OnThreadOfItsOwn(() => ReadItems(collectionId, part, handler, cancellationToken), cancellationToken);

    /// <summary>Adds up the change log by generation, on a thread of its own.</summary>
    /// <param name="cancellationToken">Stops reading; the reader is of no more use then.</param>
    public async Task<Dictionary<int, LogSum>> SumLogAsync(CancellationToken cancellationToken)
    {
        Dictionary<int, LogSum> sums = [];
        await OnThreadOfItsOwn(() => sums = SumLog(cancellationToken), cancellationToken);
        return sums;
    }

    /// <summary>Reads labels as <see cref="ItemRow.Labels"/> has them.</summary>
    /// <exception cref="InvalidDataException">They are no list of texts.</exception>
    public abstract string[] ParseLabels(ReadOnlySpan<byte> stored);

    /// <inheritdoc/>
    public abstract void Dispose();

    protected abstract void ReadItems(int collectionId, IndexKey part, ItemRowHandler handler, CancellationToken cancellationToken);

    protected abstract Dictionary<int, LogSum> SumLog(CancellationToken cancellationToken);

    // Reading a table is seconds of work without a pause, which a thread of the pool is not made for.
    private static Task OnThreadOfItsOwn(Action work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
