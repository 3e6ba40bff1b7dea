using System.Collections.Frozen;

namespace Dpfah.Engine.Search;

/// <summary>
/// Indexes of generations that do not answer: loaded in the background while the log is followed, kept in step from then on, so that
/// a switch finds them ready. For the one loop that follows the log.
/// </summary>
/// <param name="load">Loads a generation from a snapshot that is taken after the call; null when it is gone.</param>
/// <param name="wake">Called when something was loaded.</param>
internal sealed class StandbyIndexes(Func<int, CancellationToken, Task<CollectionIndex?>> load, Action wake)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    private readonly Dictionary<int, Entry> entries = [];

    /// <summary>Brings items of an index up to date.</summary>
    public delegate Task ApplyChanges(CollectionIndex index, IReadOnlyCollection<long> items, CancellationToken cancellationToken);

    /// <summary>Whether an index was loaded, or could not be, since it was last caught up.</summary>
    public bool HasNews => entries.Values.Any(entry => entry.Index is null && entry.Loading.IsCompleted);

    /// <summary>Keeps these generations and no others; begins to load those that are new.</summary>
    public void Keep(IReadOnlyCollection<int> generations)
    {
        Drop(entries.Keys.Except(generations).ToList());
        foreach (int generation in generations)
        {
            if (!entries.ContainsKey(generation))
            {
                entries.Add(generation, Begin(generation, TimeSpan.Zero));
            }
        }
    }

    /// <summary>Forgets generations, or what is known of them.</summary>
    public void Drop(IEnumerable<int> generations)
    {
        foreach (int generation in generations)
        {
            if (entries.Remove(generation, out Entry? entry))
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
        if (entries.TryGetValue(generation, out Entry? entry))
        {
            entry.Changed.UnionWith(items);
        }
    }

    /// <summary>Brings all that is loaded up to date.</summary>
    /// <returns>The indexes that see everything up to now.</returns>
    public async Task<FrozenDictionary<int, CollectionIndex>> CatchUpAsync(
        ApplyChanges apply, Action<int, string> failed, CancellationToken cancellationToken)
    {
        foreach ((int generation, Entry entry) in entries.ToList())
        {
            if (entry.Loading.IsFaulted)
            {
                failed(generation, entry.Loading.Exception.GetBaseException().Message);
                entries[generation] = Begin(generation, RetryDelay);
            }
            else if (entry.Loading.IsCompletedSuccessfully)
            {
                await entry.CatchUpAsync(apply, cancellationToken);
                if (entry.Index is null)
                {
                    Drop([generation]);
                }
            }
        }

        return entries.Where(pair => pair.Value.Index is not null).ToFrozenDictionary(pair => pair.Key, pair => pair.Value.Index!);
    }

    /// <summary>Gives an index away, up to date; waits for it to be loaded.</summary>
    /// <returns>Null when the generation is gone.</returns>
    public async Task<CollectionIndex?> TakeAsync(int generation, ApplyChanges apply, CancellationToken cancellationToken)
    {
        Entry entry = entries[generation];
        try
        {
            await entry.Loading.WaitAsync(cancellationToken);
            await entry.CatchUpAsync(apply, cancellationToken);
            return entry.Index;
        }
        finally
        {
            Drop([generation]);
        }
    }

    private Entry Begin(int generation, TimeSpan delay)
    {
        var stopping = new CancellationTokenSource();
        CancellationToken token = stopping.Token;
        Task<CollectionIndex?> loading = Task.Run(
            async () =>
            {
                await Task.Delay(delay, token);
                return await load(generation, token);
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
