using Dpfah.Core.Codes;
using Dpfah.Core.Indexing.Segments;

namespace Dpfah.Core.Indexing;

/// <summary>An exact Hamming index in memory that is searched while it changes.</summary>
/// <typeparam name="T">
/// The caller's immutable record of an item, such as its public id and labels. It is kept with the code, so an answer
/// is of one moment.
/// </typeparam>
/// <remarks>
/// One writer at a time (<see cref="Apply"/> takes a lock), any number of readers without a lock: each reads one
/// <see cref="Snapshot"/>, and the next is published by one volatile write. New items go to a tail; full tails are sealed, and
/// merged into larger segments, in the background.
/// </remarks>
public sealed class HammingIndex<T>
{
    /// <summary>Most items of an index.</summary>
    public const int MaxCount = int.MaxValue;

    private readonly Lock writer = new();
    private readonly IndexTuning tuning;
    private volatile IndexSnapshot<T> snapshot;
    private bool merging;

    /// <summary>Creates an empty index.</summary>
    /// <param name="bits">Length of the codes in bits; a multiple of 8.</param>
    /// <param name="signatureBits">Length of the signatures in bits; a multiple of 8, or 0 to keep none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A length that no code can have.</exception>
    public HammingIndex(int bits, int signatureBits = 256)
        : this(bits, signatureBits, IndexTuning.Default)
    {
    }

    internal HammingIndex(int bits, int signatureBits, IndexTuning tuning, params SealedSegment<T>[] segments)
    {
        BinaryCode.ThrowIfInvalidLength(bits);
        if (signatureBits != 0)
        {
            BinaryCode.ThrowIfInvalidLength(signatureBits);
        }

        this.tuning = tuning;
        snapshot = new IndexSnapshot<T>(
            bits,
            signatureBits,
            [
                .. segments.Select(s => new SegmentView<T>(s, s.Count, SlotSet.Empty)),
                new SegmentView<T>(new TailSegment<T>(bits, signatureBits), 0, SlotSet.Empty),
            ],
            tuning,
            new PathCounts());
    }

    /// <summary>The index as of the last <see cref="Apply"/>.</summary>
    public IndexSnapshot<T> Snapshot => snapshot;

    /// <summary>Makes changes in their order and publishes them together.</summary>
    /// <param name="changes">Of several changes to one id the last stands.</param>
    /// <exception cref="ArgumentException">
    /// A code or signature has another length than the index's; the exception's parameter is <c>code</c> or
    /// <c>signature</c>. Nothing was changed.
    /// </exception>
    /// <exception cref="InvalidOperationException">The index would hold more than <see cref="MaxCount"/> items. Nothing was changed.</exception>
    public void Apply(IReadOnlyList<IndexChange<T>> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        lock (writer)
        {
            IndexSnapshot<T> current = snapshot;
            foreach (IndexChange<T> change in changes)
            {
                ThrowIfWrongLength(change, current);
            }

            if ((long)current.Count + changes.Count > MaxCount)
            {
                throw new InvalidOperationException($"An index holds at most {MaxCount} items; it has {current.Count}, and {changes.Count} changes were to come.");
            }

            var next = new SnapshotDraft<T>(current, tuning);
            foreach (IndexChange<T> change in changes)
            {
                if (change.IsDelete)
                {
                    next.Delete(change.Id);
                }
                else
                {
                    next.Put(change.Entry);
                }
            }

            snapshot = next.Build(current.Paths);
            if (tuning.MergesInBackground && !merging && SegmentMerge<T>.Due(snapshot, tuning) is not null)
            {
                merging = true;
                _ = Task.Factory.StartNew(MergeInBackground, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
        }
    }

    /// <summary>Merges what is due, on this thread. One caller at a time.</summary>
    internal void Merge()
    {
        while (SegmentMerge<T>.Due(snapshot, tuning) is { } merge)
        {
            SealedSegment<T>? merged = merge.Build();
            lock (writer)
            {
                snapshot = merge.Replace(snapshot, merged);
            }
        }
    }

    private void MergeInBackground()
    {
        try
        {
            Merge();
        }
        catch (OutOfMemoryException)
        {
            // The index answers as before, a little slower; the next change tries again.
        }
        finally
        {
            lock (writer)
            {
                merging = false;
            }
        }
    }

    private static void ThrowIfWrongLength(IndexChange<T> change, IndexSnapshot<T> current)
    {
        if (!change.IsDelete)
        {
            Require(change.Entry.Code, current.Bits, "code", change.Id);
            Require(change.Entry.Signature, current.SignatureBits, "signature", change.Id);
        }
    }

    private static void Require(BinaryCode code, int bits, string name, long id)
    {
        if (code.Bits != bits)
        {
            throw new ArgumentException($"The {name} of item {id} has {code.Bits} bits; the index holds {name}s of {bits}.", name);
        }
    }
}
