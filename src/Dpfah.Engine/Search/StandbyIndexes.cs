using System.Collections.Frozen;
using Dpfah.Engine.Search.Shards;

namespace Dpfah.Engine.Search;

/// <summary>
/// Indexes beside those that answer: of generations that stand by, and of shards that this node has. Loaded in the background while the log
/// is followed, kept in step from then on, so that a switch finds them ready. For the one loop that follows the log.
/// </summary>
/// <param name="load">Loads a generation from a snapshot that is taken after the call; null when it is gone.</param>
/// <param name="wake">Called when something was loaded.</param>
internal sealed class StandbyIndexes(Func<IndexKey, CancellationToken, Task<CollectionIndex?>> load, Action wake)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    private readonly Dictionary<IndexKey, Entry> entries = [];

    /// <summary>Brings items of an index up to date.</summary>
    public delegate Task ApplyChanges(CollectionIndex index, IReadOnlyCollection<long> items, CancellationToken cancellationToken);

    /// <summary>Whether an index was loaded, or could not be, since it was last caught up.</summary>
    public bool HasNews => entries.Values.Any(entry => entry.Index is null && entry.Loading.IsCompleted);

    /// <summary>Keeps these and no others; begins to load those that are new.</summary>
    public void Keep(IReadOnlyCollection<IndexKey> keys)
    {
        Drop(entries.Keys.Except(keys).ToList());
        foreach (IndexKey key in keys)
        {
            if (!entries.ContainsKey(key))
            {
                entries.Add(key, Begin(key, TimeSpan.Zero));
            }
        }
    }

    /// <summary>Forgets generations in whole and in part: they are loaded again when they are still to be kept.</summary>
    public void Drop(IReadOnlySet<int> generations) => Drop(entries.Keys.Where(key => generations.Contains(key.Generation)).ToList());

    private void Drop(IEnumerable<IndexKey> keys)
    {
        foreach (IndexKey key in keys)
        {
            if (entries.Remove(key, out Entry? entry))
            {
                entry.Stop();
            }
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => Drop(entries.Keys.ToList());

    /// <summary>Notes items that changed; for a generation that is not kept nothing happens.</summary>
    public void Note(int generation, IReadOnlyCollection<long> items)
    {
        foreach ((IndexKey key, Entry entry) in entries)
        {
            if (key.Generation == generation)
            {
                entry.Changed.UnionWith(key.Shards <= 1 ? items : items.Where(key.Holds));
            }
        }
    }

    /// <summary>Brings all that is loaded up to date.</summary>
    /// <returns>The indexes that see everything up to now.</returns>
    public async Task<FrozenDictionary<IndexKey, CollectionIndex>> CatchUpAsync(
        ApplyChanges apply, Action<int, string> failed, CancellationToken cancellationToken)
    {
        foreach ((IndexKey key, Entry entry) in entries.ToList())
        {
            if (entry.Loading.IsFaulted || entry.Loading.IsCanceled)
            {
                failed(key.Generation, entry.Loading.Exception?.GetBaseException().Message ?? "its load was cancelled");
                entries[key] = Begin(key, RetryDelay);
            }
            else if (entry.Loading.IsCompletedSuccessfully)
            {
                await entry.CatchUpAsync(apply, cancellationToken);
                if (entry.Index is null)
                {
                    Drop([key]);
                }
            }
        }

        return entries.Where(pair => pair.Value.Index is not null).ToFrozenDictionary(pair => pair.Key, pair => pair.Value.Index!);
    }

    /// <summary>Whether <see cref="TakeAsync"/> would not wait.</summary>
    public bool IsLoaded(IndexKey key) => entries.TryGetValue(key, out Entry? entry) && entry.Loading.IsCompletedSuccessfully;

    /// <summary>Gives an index away, up to date; waits for it to be loaded.</summary>
    /// <returns>Null when the generation is gone.</returns>
    public async Task<CollectionIndex?> TakeAsync(IndexKey key, ApplyChanges apply, CancellationToken cancellationToken)
    {
        Entry entry = entries[key];
        try
        {
            await entry.Loading.WaitAsync(cancellationToken);
            await entry.CatchUpAsync(apply, cancellationToken);
            return entry.Index;
        }
        finally
        {
            Drop([key]);
        }
    }

    private Entry Begin(IndexKey key, TimeSpan delay)
    {
        var stopping = new CancellationTokenSource();
        CancellationToken token = stopping.Token;
        Task<CollectionIndex?> loading = Task.Run(
            async () =>
            {
                await Task.Delay(delay, token);
                return await load(key, token);
            },
            token);

        // Nobody may wait for it: then its failure is told when it is caught up, or not at all.
        loading.ContinueWith(_ => wake(), token, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return new Entry(loading, stopping);
    }

    private sealed class Entry(Task<CollectionIndex?> loading, CancellationTokenSource stopping)
    {
        public Task<CollectionIndex?> Loading => loading;

        /// <summary>Items that changed since the load began or since the last catching up.</summary>
        public HashSet<long> Changed { get; } = [];

        /// <summary>The index; null until it was loaded and caught up.</summary>
        public CollectionIndex? Index { get; private set; }

        public async Task CatchUpAsync(ApplyChanges apply, CancellationToken cancellationToken)
        {
            if (await loading is { } index)
            {
                if (Changed.Count > 0)
                {
                    await apply(index, Changed, cancellationToken);
                    Changed.Clear();
                }

                Index = index;
            }
        }

        public void Stop()
        {
            stopping.Cancel();
            stopping.Dispose();
        }
    }
}
