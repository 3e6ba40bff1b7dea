using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Dpfah.Engine.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Jobs : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "job_id",
                table: "models",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "lineage",
                table: "models",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "parent_id",
                table: "models",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "auto_activate",
                table: "generations",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.AddColumn<string>(
                name: "comparison",
                table: "generations",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "created_by",
                table: "generations",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "job_id",
                table: "generations",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<short>(
                name: "state",
                table: "generations",
                type: "smallint",
                nullable: false,
                defaultValue: (short)1);

            migrationBuilder.CreateTable(
                name: "evaluations",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    model_id = table.Column<int>(type: "integer", nullable: false),
                    job_id = table.Column<long>(type: "bigint", nullable: true),
                    target = table.Column<string>(type: "text", nullable: false),
                    result = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_evaluations", x => x.id);
                    table.ForeignKey(
                        name: "FK_evaluations_models_model_id",
                        column: x => x.model_id,
                        principalTable: "models",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "figures",
                columns: table => new
                {
                    model_id = table.Column<int>(type: "integer", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    content_type = table.Column<string>(type: "text", nullable: false),
                    bytes = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_figures", x => new { x.model_id, x.name });
                    table.ForeignKey(
                        name: "FK_figures_models_model_id",
                        column: x => x.model_id,
                        principalTable: "models",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "generation_switches",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    collection_id = table.Column<int>(type: "integer", nullable: false),
                    from_generation_id = table.Column<int>(type: "integer", nullable: false),
                    to_generation_id = table.Column<int>(type: "integer", nullable: false),
                    to_model = table.Column<string>(type: "text", nullable: false),
                    by = table.Column<string>(type: "text", nullable: true),
                    forced = table.Column<bool>(type: "boolean", nullable: false),
                    confirmed = table.Column<bool>(type: "boolean", nullable: false),
                    gate = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_generation_switches", x => x.id);
                    table.ForeignKey(
                        name: "FK_generation_switches_collections_collection_id",
                        column: x => x.collection_id,
                        principalTable: "collections",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "jobs",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    kind = table.Column<string>(type: "text", nullable: false),
                    lane = table.Column<string>(type: "text", nullable: false),
                    state = table.Column<short>(type: "smallint", nullable: false),
                    collection_id = table.Column<int>(type: "integer", nullable: true),
                    collection_name = table.Column<string>(type: "text", nullable: true),
                    request = table.Column<string>(type: "text", nullable: false),
                    created_by = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    started_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    finished_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    not_before_ms = table.Column<long>(type: "bigint", nullable: false),
                    lease_until_ms = table.Column<long>(type: "bigint", nullable: false),
                    worker = table.Column<string>(type: "text", nullable: true),
                    fence = table.Column<long>(type: "bigint", nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    cancel_requested = table.Column<bool>(type: "boolean", nullable: false),
                    stage = table.Column<string>(type: "text", nullable: true),
                    done = table.Column<long>(type: "bigint", nullable: true),
                    total = table.Column<long>(type: "bigint", nullable: true),
                    accepted = table.Column<long>(type: "bigint", nullable: false),
                    indexed = table.Column<long>(type: "bigint", nullable: false),
                    unchanged = table.Column<long>(type: "bigint", nullable: false),
                    rejected = table.Column<long>(type: "bigint", nullable: false),
                    checkpoint = table.Column<string>(type: "text", nullable: true),
                    writes = table.Column<long>(type: "bigint", nullable: false),
                    event_seq = table.Column<long>(type: "bigint", nullable: false),
                    result = table.Column<string>(type: "text", nullable: true),
                    error = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_jobs", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "not_duplicates",
                columns: table => new
                {
                    first_item = table.Column<long>(type: "bigint", nullable: false),
                    second_item = table.Column<long>(type: "bigint", nullable: false),
                    collection_id = table.Column<int>(type: "integer", nullable: false),
                    created_by = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_not_duplicates", x => new { x.first_item, x.second_item });
                    table.ForeignKey(
                        name: "FK_not_duplicates_items_first_item",
                        column: x => x.first_item,
                        principalTable: "items",
                        principalColumn: "number",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_not_duplicates_items_second_item",
                        column: x => x.second_item,
                        principalTable: "items",
                        principalColumn: "number",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "blobs",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    job_id = table.Column<long>(type: "bigint", nullable: true),
                    name = table.Column<string>(type: "text", nullable: false),
                    length = table.Column<long>(type: "bigint", nullable: false),
                    sha256 = table.Column<byte[]>(type: "bytea", nullable: true),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_blobs", x => x.id);
                    table.ForeignKey(
                        name: "FK_blobs_jobs_job_id",
                        column: x => x.job_id,
                        principalTable: "jobs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "duplicate_members",
                columns: table => new
                {
                    job_id = table.Column<long>(type: "bigint", nullable: false),
                    group_number = table.Column<int>(type: "integer", nullable: false),
                    item_number = table.Column<long>(type: "bigint", nullable: false),
                    distance = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_duplicate_members", x => new { x.job_id, x.group_number, x.item_number });
                    table.ForeignKey(
                        name: "FK_duplicate_members_jobs_job_id",
                        column: x => x.job_id,
                        principalTable: "jobs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "job_events",
                columns: table => new
                {
                    job_id = table.Column<long>(type: "bigint", nullable: false),
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    data = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_job_events", x => new { x.job_id, x.seq });
                    table.ForeignKey(
                        name: "FK_job_events_jobs_job_id",
                        column: x => x.job_id,
                        principalTable: "jobs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "job_rejections",
                columns: table => new
                {
                    job_id = table.Column<long>(type: "bigint", nullable: false),
                    number = table.Column<long>(type: "bigint", nullable: false),
                    item = table.Column<string>(type: "text", nullable: false),
                    code = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_job_rejections", x => new { x.job_id, x.number });
                    table.ForeignKey(
                        name: "FK_job_rejections_jobs_job_id",
                        column: x => x.job_id,
                        principalTable: "jobs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "blob_chunks",
                columns: table => new
                {
                    blob_id = table.Column<long>(type: "bigint", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    bytes = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_blob_chunks", x => new { x.blob_id, x.number });
                    table.ForeignKey(
                        name: "FK_blob_chunks_blobs_blob_id",
                        column: x => x.blob_id,
                        principalTable: "blobs",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_models_parent_id",
                table: "models",
                column: "parent_id");

            migrationBuilder.CreateIndex(
                name: "IX_blobs_job_id",
                table: "blobs",
                column: "job_id");

            migrationBuilder.CreateIndex(
                name: "IX_evaluations_model_id",
                table: "evaluations",
                column: "model_id");

            migrationBuilder.CreateIndex(
                name: "IX_generation_switches_collection_id",
                table: "generation_switches",
                column: "collection_id");

            migrationBuilder.CreateIndex(
                name: "ix_jobs_open",
                table: "jobs",
                columns: new[] { "lane", "id" },
                filter: "state <= 2");

            migrationBuilder.CreateIndex(
                name: "IX_not_duplicates_collection_id",
                table: "not_duplicates",
                column: "collection_id");

            migrationBuilder.CreateIndex(
                name: "IX_not_duplicates_second_item",
                table: "not_duplicates",
                column: "second_item");

            migrationBuilder.AddForeignKey(
                name: "FK_models_models_parent_id",
                table: "models",
                column: "parent_id",
                principalTable: "models",
                principalColumn: "id",
                onDelete: ReferentialAction.SetNull);

            // Chunks of archives and of tensors do not shrink.
            migrationBuilder.Sql("ALTER TABLE blob_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropForeignKey(
                name: "FK_models_models_parent_id",
                table: "models");

            migrationBuilder.DropTable(
                name: "blob_chunks");

            migrationBuilder.DropTable(
                name: "duplicate_members");

            migrationBuilder.DropTable(
                name: "evaluations");

            migrationBuilder.DropTable(
                name: "figures");

            migrationBuilder.DropTable(
                name: "generation_switches");

            migrationBuilder.DropTable(
                name: "job_events");

            migrationBuilder.DropTable(
                name: "job_rejections");

            migrationBuilder.DropTable(
                name: "not_duplicates");

            migrationBuilder.DropTable(
                name: "blobs");

            migrationBuilder.DropTable(
                name: "jobs");

            migrationBuilder.DropIndex(
                name: "IX_models_parent_id",
                table: "models");

            migrationBuilder.DropColumn(
                name: "job_id",
                table: "models");

            migrationBuilder.DropColumn(
                name: "lineage",
                table: "models");

            migrationBuilder.DropColumn(
                name: "parent_id",
                table: "models");

            migrationBuilder.DropColumn(
                name: "auto_activate",
                table: "generations");

            migrationBuilder.DropColumn(
                name: "comparison",
                table: "generations");

            migrationBuilder.DropColumn(
                name: "created_by",
                table: "generations");

            migrationBuilder.DropColumn(
                name: "job_id",
                table: "generations");

            migrationBuilder.DropColumn(
                name: "state",
                table: "generations");
        }
    }
}
