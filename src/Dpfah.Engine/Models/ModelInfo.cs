using Dpfah.Core.Models;
using Dpfah.Engine.Data.Entities;

namespace Dpfah.Engine.Models;

/// <summary>A stored model's number, the digest of its head's tensors, and its description.</summary>
internal sealed record ModelInfo(int Id, string Digest, ModelDescription Description)
{
    public static ModelInfo From(StoredModel model)
    {
        using var stream = new MemoryStream(model.Head, writable: false);
        SafetensorsFile header = SafetensorsFile.Read(stream);
        return new ModelInfo(model.Id, model.Digest, ModelDescription.FromJson(header.Metadata[ModelDescription.MetadataKey]));
    }
}
