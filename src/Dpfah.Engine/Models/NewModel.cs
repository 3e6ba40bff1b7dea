using Dpfah.Core.Models;

namespace Dpfah.Engine.Models;

/// <summary>A model that was checked and can be stored.</summary>
/// <param name="Description">What it is.</param>
/// <param name="HeadDigest">Digest of the head's tensors.</param>
/// <param name="Head">The head file.</param>
/// <param name="Backbone">The backbone file.</param>
/// <param name="ParentId">The model that it was trained from; null for none.</param>
/// <param name="JobId">The job that made it; null for none.</param>
/// <param name="Lineage">Where it comes from: a JSON object; null when that is not known.</param>
internal sealed record NewModel(
    ModelDescription Description, string HeadDigest, byte[] Head, byte[] Backbone, int? ParentId = null, long? JobId = null, string? Lineage = null)
{
    /// <summary>Reads a model that a job has made, and checks it like one from elsewhere.</summary>
    /// <exception cref="InvalidDataException">The files are no model that this service can run; the message says why.</exception>
    public static async Task<NewModel> ReadAsync(ModelFiles files, int? parentId, long? jobId, string? lineage, CancellationToken cancellationToken) =>
        Check(await File.ReadAllBytesAsync(files.HeadPath, cancellationToken), await File.ReadAllBytesAsync(files.BackbonePath, cancellationToken)) with
        {
            ParentId = parentId,
            JobId = jobId,
            Lineage = lineage,
        };

    /// <summary>Checks the files of a model: that they belong together, and that this service can run it.</summary>
    /// <exception cref="InvalidDataException">The files are no model that this service can run; the message says why.</exception>
    public static NewModel Check(byte[] head, byte[] backbone)
    {
        using var headStream = new MemoryStream(head, writable: false);
        using var backboneStream = new MemoryStream(backbone, writable: false);
        (ModelDescription description, string headDigest) = ModelCheck.Read(headStream, backboneStream);
        return new NewModel(description, headDigest, head, backbone);
    }

    /// <summary>Reads a model of this program's own, of which only the bytes may have suffered.</summary>
    /// <exception cref="InvalidDataException">The files do not belong together, or are damaged.</exception>
    public static async Task<NewModel> ReadOwnAsync(ModelFiles files, CancellationToken cancellationToken)
    {
        byte[] head = await File.ReadAllBytesAsync(files.HeadPath, cancellationToken);
        byte[] backbone = await File.ReadAllBytesAsync(files.BackbonePath, cancellationToken);
        string headDigest = DigestOf(head, out ModelDescription? description);
        string backboneDigest = DigestOf(backbone, out _);
        if (description is null)
        {
            throw new InvalidDataException($"{files.HeadPath} has no '{ModelDescription.MetadataKey}' description in its header.");
        }

        return description.Backbone.Digest == backboneDigest
            ? new NewModel(description, headDigest, head, backbone)
            : throw new InvalidDataException(
                $"The model '{description.Name}' wants backbone {description.Backbone.Digest}; the file has {backboneDigest}.");
    }

    private static string DigestOf(byte[] file, out ModelDescription? description)
    {
        using var stream = new MemoryStream(file, writable: false);
        SafetensorsFile header = SafetensorsFile.Read(stream);
        description = header.Metadata.TryGetValue(ModelDescription.MetadataKey, out string? json) ? ModelDescription.FromJson(json) : null;
        return header.Digest(stream);
    }
}
