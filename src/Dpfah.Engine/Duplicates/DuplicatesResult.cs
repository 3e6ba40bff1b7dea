namespace Dpfah.Engine.Duplicates;

/// <summary>What a search for near duplicates came to.</summary>
/// <param name="Generation">The generation whose codes were compared.</param>
/// <param name="Model">Its model.</param>
/// <param name="Distance">Greatest distance of near codes, in bits.</param>
/// <param name="Pictures">Pictures that were compared.</param>
/// <param name="Groups">Groups of two pictures or more.</param>
/// <param name="InGroups">Pictures in groups.</param>
/// <param name="Largest">Pictures of the largest group.</param>
/// <param name="Seconds">Time of the comparison, without storing what it found.</param>
public sealed record DuplicatesResult(int Generation, string Model, int Distance, long Pictures, int Groups, long InGroups, int Largest, double Seconds);
