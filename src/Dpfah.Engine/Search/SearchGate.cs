using System.Collections.Concurrent;
using Dpfah.Core.Indexing;

namespace Dpfah.Engine.Search;

/// <summary>
/// Lets no more searches run at once than there are cores. A search that finds a core free runs at once on its caller's thread;
/// those that wait meanwhile for one collection are answered together, by one pass over its codes.
/// </summary>
/// <remarks>
/// Where the process has more work than threads, a search that finds a core free steps back behind what waits for a thread: there are
/// searches among it, and one pass answers them all for little more than the price of one. With threads of its own no search runs on its
/// caller's: for callers that share theirs with all the rest of a node's messages.
/// </remarks>
internal sealed class SearchGate
{
    /// <summary>Most queries of a pass.</summary>
    private const int MaxTogether = 256;

    private readonly Lock gate = new();
    private readonly LinkedList<Waiting> waiting = [];
    private readonly BlockingCollection<Pass?>? queue;
    private readonly int threads;
    private int free;

    /// <param name="slots">Searches at once, at least 1.</param>
    /// <param name="ownThreads">Whether to search on as many threads of its own.</param>
    public SearchGate(int slots, bool ownThreads = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slots, 1);
        free = slots;
        queue = ownThreads ? [] : null;
        threads = ownThreads ? slots : 0;
        for (int i = 0; i < threads; i++)
        {
            new Thread(RunQueue) { IsBackground = true, Name = $"shard search {i}" }.Start();
        }
    }

    /// <summary>Passes that answered more than one waiting search, since the start.</summary>
    public long SharedPasses { get; private set; }

    /// <summary>Searches a collection as it is when the search begins.</summary>
    /// <exception cref="ArgumentException">A property of the query is out of range.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; while the search waits, at once.</exception>
    public async Task<IndexAnswer<IndexedItem>> SearchAsync(CollectionIndex collection, IndexQuery<IndexedItem> query, CancellationToken cancellationToken) =>
        (await SearchAsync(collection, [query], cancellationToken))[0];

    /// <summary>Answers several queries to one collection together.</summary>
    /// <exception cref="ArgumentException">A property of a query is out of range.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<IndexAnswer<IndexedItem>[]> SearchAsync(
        CollectionIndex collection, IReadOnlyList<IndexQuery<IndexedItem>> queries, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        bool isBusy = queue is not null || ThreadPool.PendingWorkItemCount > 0, stepsBack = false;
        Waiting? entry = null;
        lock (gate)
        {
            if (free == 0 || isBusy)
            {
                entry = new Waiting(collection, queries);
                entry.Node = waiting.AddLast(entry);
            }

            if (free > 0)
            {
                free--;
                stepsBack = isBusy;
            }
        }

        if (stepsBack && queue is not null)
        {
            Next();
        }
        else if (stepsBack)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static searches => searches.Next(), this, preferLocal: false);
        }

        return entry is null ? Task.FromResult(RunAlone(collection, queries, cancellationToken)) : WaitAsync(entry, cancellationToken);
    }

    private IndexAnswer<IndexedItem>[] RunAlone(
        CollectionIndex collection, IReadOnlyList<IndexQuery<IndexedItem>> queries, CancellationToken cancellationToken)
    {
        try
        {
            return collection.Snapshot.SearchBatch(queries, 1, cancellationToken);
        }
        finally
        {
            Next();
        }
    }

    private async Task<IndexAnswer<IndexedItem>[]> WaitAsync(Waiting entry, CancellationToken cancellationToken)
    {
        await using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            (_, token) =>
            {
                lock (gate)
                {
                    entry.Leave();
                    if (entry.Node.List is not null)
                    {
                        waiting.Remove(entry.Node);
                    }
                }

                entry.Answer.TrySetCanceled(token);
            },
            null);
        return await entry.Answer.Task;
    }

    /// <summary>Gives the core that became free to those who wait longest.</summary>
    private void Next()
    {
        Pass pass;
        lock (gate)
        {
            if (waiting.First is not { } first)
            {
                free++;
                return;
            }

            pass = new Pass();
            CollectionIndex collection = first.Value.Collection;
            int queries = 0;
            for (LinkedListNode<Waiting>? node = first; node is not null && (queries == 0 || queries + node.Value.Queries.Count <= MaxTogether);)
            {
                LinkedListNode<Waiting>? next = node.Next;
                if (node.Value.Collection == collection)
                {
                    waiting.Remove(node);
                    pass.Add(node.Value);
                    queries += node.Value.Queries.Count;
                }

                node = next;
            }

            SharedPasses += pass.Members.Count > 1 ? 1 : 0;
        }

        if (queue is not null)
        {
            queue.Add(pass, CancellationToken.None);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(Run, pass, preferLocal: false);
        }
    }

    private void RunQueue()
    {
        while (queue!.Take() is { } pass)
        {
            Run(pass);
        }
    }

    /// <summary>Ends the threads of its own, once they are through with what was asked; nothing may be asked afterwards.</summary>
    public void EndThreads()
    {
        for (int i = 0; i < threads; i++)
        {
            queue!.Add(null);
        }
    }

    private void Run(Pass pass)
    {
        try
        {
            IndexQuery<IndexedItem>[] queries = [.. pass.Members.SelectMany(member => member.Queries)];
            IndexAnswer<IndexedItem>[] answers = pass.Members[0].Collection.Snapshot.SearchBatch(queries, 1, pass.Token);
            int from = 0;
            foreach (Waiting member in pass.Members)
            {
                member.Answer.TrySetResult(answers[from..(from + member.Queries.Count)]);
                from += member.Queries.Count;
            }
        }
        catch (ArgumentException) when (pass.Members.Count > 1)
        {
            // One query is at fault, and only its caller is to hear of it.
            pass.Members.ForEach(RunOne);
        }
        catch (Exception error)
        {
            pass.Members.ForEach(member => member.Answer.TrySetException(error));
        }
        finally
        {
            lock (gate)
            {
                pass.Dispose();
            }

            Next();
        }
    }

    private static void RunOne(Waiting member)
    {
        try
        {
            member.Answer.TrySetResult(member.Collection.Snapshot.SearchBatch(member.Queries));
        }
        catch (Exception error)
        {
            member.Answer.TrySetException(error);
        }
    }

    /// <summary>A search that waits.</summary>
    private sealed class Waiting(CollectionIndex collection, IReadOnlyList<IndexQuery<IndexedItem>> queries)
    {
        private Pass? pass;
        private bool left;

        public CollectionIndex Collection => collection;

        public IReadOnlyList<IndexQuery<IndexedItem>> Queries => queries;

        /// <summary>Its place in the queue; in no list once a pass took it.</summary>
        public LinkedListNode<Waiting> Node { get; set; } = null!;

        // The caller goes on on a thread of its own, not on the one that searches.
        public TaskCompletionSource<IndexAnswer<IndexedItem>[]> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Join(Pass joined) => pass = joined;

        /// <summary>Nobody waits for the answer any more. Under the gate's lock.</summary>
        public void Leave()
        {
            if (!left)
            {
                left = true;
                pass?.MemberLeft();
            }
        }
    }

    /// <summary>Searches that are answered together.</summary>
    private sealed class Pass : IDisposable
    {
        private readonly CancellationTokenSource abandoned = new();
        private int present;
        private bool ended;

        public List<Waiting> Members { get; } = [];

        /// <summary>Cancelled when all members left.</summary>
        public CancellationToken Token => abandoned.Token;

        public void Add(Waiting member)
        {
            Members.Add(member);
            member.Join(this);
            present++;
        }

        public void MemberLeft()
        {
            if (--present == 0 && !ended)
            {
                abandoned.Cancel();
            }
        }

        /// <summary>The pass is over. Under the gate's lock.</summary>
        public void Dispose()
        {
            ended = true;
            abandoned.Dispose();
        }
    }
}
