using Dpfah.Core.Codes;

namespace Dpfah.Core.Indexing;

/// <summary>An item as the index holds it.</summary>
/// <typeparam name="T">The caller's immutable record of an item.</typeparam>
/// <param name="Id">Item number.</param>
/// <param name="Code">Its code.</param>
/// <param name="Signature">Its fine code.</param>
/// <param name="Item">What the caller keeps with it.</param>
public readonly record struct IndexEntry<T>(long Id, BinaryCode Code, BinaryCode Signature, T Item);
