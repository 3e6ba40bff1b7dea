namespace Dpfah.Learning.Datasets;

/// <summary>
/// The pictures that a training may see. A type of its own, so that no query picture can be handed to a trainer by mistake: outside
/// of tests it comes from <see cref="SplitManifest"/> only.
/// </summary>
public sealed class TrainingPictures
{
    internal TrainingPictures(PictureSet pictures, string splitDigest, PictureSet? validation = null)
    {
        Pictures = pictures;
        SplitDigest = splitDigest;
        Validation = validation;
    }

    /// <summary>The pictures; a picture's position is its row in a loss's memory bank.</summary>
    public PictureSet Pictures { get; }

    /// <summary>The split's own pictures to measure on during a training; null where it has none: then <see cref="HoldOut"/> makes some.</summary>
    public PictureSet? Validation { get; }

    /// <summary>Digest of the split's manifest, for the record of a run.</summary>
    public string SplitDigest { get; }

    /// <summary>Holds out the same number of pictures of each class, to choose settings by: never the queries.</summary>
    /// <param name="perClass">Pictures of each class that become validation queries.</param>
    /// <param name="seed">Seed of the choice.</param>
    /// <returns>What is left to train on, and the pictures held out.</returns>
    /// <exception cref="InvalidDataException">A class has too few pictures to leave one to train on.</exception>
    /// <remarks>
    /// Classes draw in ascending order among what is left. So <paramref name="perClass"/> times the number of classes are held
    /// out. Where a picture has several classes, a class may have more held out than that, through pictures that other classes
    /// drew. Both sets stay in the order of <see cref="Pictures"/>. Of <see cref="FashionMnistMulti"/> the two sets share garments, since
    /// its compositions draw from one pool of them: its figures on held-out pictures are too good, and serve to compare settings only.
    /// </remarks>
    public (TrainingPictures Fit, PictureSet Validation) HoldOut(int perClass, ulong seed = Split.DefaultSeed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(perClass, 1);
        var random = new SeededRandom(seed);
        var heldOut = new HashSet<int>();
        for (int c = 0; c < Pictures.ClassNames.Count; c++)
        {
            int[] members = [.. Enumerable.Range(0, Pictures.Count).Where(p => !heldOut.Contains(p) && Pictures.LabelsOf(p).Contains(c))];
            if (members.Length <= perClass)
            {
                throw new InvalidDataException(
                    $"Class '{Pictures.ClassNames[c]}' has {members.Length} training pictures; {perClass} held out leave none to train on.");
            }

            random.Shuffle(members.AsSpan());
            heldOut.UnionWith(members[..perClass]);
        }

        IEnumerable<int> all = Enumerable.Range(0, Pictures.Count);
        return (
            new TrainingPictures(Pictures.Subset(all.Where(p => !heldOut.Contains(p))), SplitDigest),
            Pictures.Subset(all.Where(heldOut.Contains)));
    }
}
