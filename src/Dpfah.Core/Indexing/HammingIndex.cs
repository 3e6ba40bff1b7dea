using Dpfah.Core.Codes;

namespace Dpfah.Core.Indexing;

/// <summary>An exact Hamming index in memory that is searched while it changes.</summary>
/// <typeparam name="T">
/// The caller's immutable record of an item, such as its public id and labels. It is kept with the code, so an answer
/// is of one moment.
/// </typeparam>
/// <remarks>
/// One writer at a time (<see cref="Apply"/> takes a lock), any number of readers without a lock: each reads one
/// <see cref="Snapshot"/>, and the next is published by one volatile write. Adding an item costs its own bytes,
/// amortised, and a publish one reference for each 4,096 items; deleting marks a slot dead, and when more than half of
/// the slots are dead they are given up.
/// </remarks>
public sealed class HammingIndex<T>
{
    private readonly Lock writer = new();
    private volatile IndexSnapshot<T> snapshot;

    /// <summary>Creates an empty index.</summary>
    /// <param name="bits">Length of the codes in bits; a multiple of 8.</param>
    /// <param name="signatureBits">Length of the signatures in bits; a multiple of 8.</param>
    /// <exception cref="ArgumentOutOfRangeException">A length that no code can have.</exception>
    public HammingIndex(int bits, int signatureBits = 256)
    {
        BinaryCode.ThrowIfInvalidLength(bits);
        BinaryCode.ThrowIfInvalidLength(signatureBits);
        snapshot = new IndexSnapshot<T>(bits, signatureBits, [], SlotTable.Empty());
    }

    /// <summary>The index as of the last <see cref="Apply"/>.</summary>
    public IndexSnapshot<T> Snapshot => snapshot;

    /// <summary>Makes changes in their order and publishes them together.</summary>
    /// <param name="changes">Of several changes to one id the last stands.</param>
    /// <exception cref="ArgumentException">
    /// A code or signature has another length than the index's; the exception's parameter is <c>code</c> or
    /// <c>signature</c>. Nothing was changed.
    /// </exception>
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

            var next = new SnapshotBuilder<T>(current);
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

            snapshot = next.Build();
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
